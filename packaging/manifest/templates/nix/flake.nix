{
  description = "{{.Summary}}";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs }:
    let
      archives = {
        x86_64-linux = {
          url = "{{(index .Archives "linux-amd64").URL}}";
          hash = "{{(index .Archives "linux-amd64").SRI}}";
        };
        aarch64-linux = {
          url = "{{(index .Archives "linux-arm64").URL}}";
          hash = "{{(index .Archives "linux-arm64").SRI}}";
        };
        x86_64-darwin = {
          url = "{{(index .Archives "darwin-amd64").URL}}";
          hash = "{{(index .Archives "darwin-amd64").SRI}}";
        };
        aarch64-darwin = {
          url = "{{(index .Archives "darwin-arm64").URL}}";
          hash = "{{(index .Archives "darwin-arm64").SRI}}";
        };
      };
    in
    {
      packages = builtins.mapAttrs
        (system: archive:
          let pkgs = nixpkgs.legacyPackages.${system}; in {
            default = pkgs.stdenvNoCC.mkDerivation {
              pname = "npmotp";
              version = "{{.Number}}";
              src = pkgs.fetchurl archive;
              nativeBuildInputs = [ pkgs.installShellFiles ];
              dontConfigure = true;
              dontBuild = true;
              installPhase = ''
                runHook preInstall
                install -Dm755 npmotp $out/bin/npmotp
                install -Dm644 LICENSE THIRD-PARTY.txt -t $out/share/doc/npmotp
                installManPage man/*.1
                installShellCompletion --cmd npmotp \
                  --bash completions/npmotp.bash --zsh completions/_npmotp --fish completions/npmotp.fish
                runHook postInstall
              '';
              meta = {
                description = "{{.Summary}}";
                homepage = "{{.URL}}";
                license = pkgs.lib.licenses.mit;
                mainProgram = "npmotp";
                sourceProvenance = [ pkgs.lib.sourceTypes.binaryNativeCode ];
              };
            };
          })
        archives;
    };
}
