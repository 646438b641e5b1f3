class Npmotp < Formula
  desc "{{.Summary}}"
  homepage "{{.URL}}"
  version "{{.Number}}"
  license "{{.Licence}}"

  on_macos do
    on_arm do
      url "{{(index .Archives "darwin-arm64").URL}}"
      sha256 "{{(index .Archives "darwin-arm64").SHA256}}"
    end
    on_intel do
      url "{{(index .Archives "darwin-amd64").URL}}"
      sha256 "{{(index .Archives "darwin-amd64").SHA256}}"
    end
  end

  on_linux do
    on_arm do
      url "{{(index .Archives "linux-arm64").URL}}"
      sha256 "{{(index .Archives "linux-arm64").SHA256}}"
    end
    on_intel do
      url "{{(index .Archives "linux-amd64").URL}}"
      sha256 "{{(index .Archives "linux-amd64").SHA256}}"
    end
  end

  def install
    bin.install "npmotp"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/npmotp.bash" => "npmotp"
    zsh_completion.install "completions/_npmotp"
    fish_completion.install "completions/npmotp.fish"
    doc.install "THIRD-PARTY.txt"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/npmotp --version")
    assert_match "npmotp", shell_output("#{bin}/npmotp demo")
  end
end
