// Starts Verdaccio on a port that the system picks, which it prints, with the
// clock of a file: node -e THIS CONFIG CLOCK. It ends when its input does, so that
// it does not outlive what started it.
const fs = require("node:fs");
const [config, clock] = process.argv.slice(1);
const Real = Date;
const now = () => Real.parse(fs.readFileSync(clock, "utf8").trim());
globalThis.Date = class Date extends Real {
	constructor(...args) {
		if (args.length) super(...args);
		else super(now());
	}
	static now() {
		return now();
	}
};
// Verdaccio 9 asks for the length of a staged tarball while it reads and sends it, and
// ends with an error where the answer comes after the first bytes. It comes at once here.
fs.fstat = (descriptor, ...rest) => rest.pop()(null, fs.fstatSync(descriptor, ...rest));
process.stdin.on("end", () => process.exit()).resume();
require("verdaccio")
	.runServer(config)
	.then((app) => {
		const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
	});
