// Starts Verdaccio on a port that the system picks, which it prints, with the
// clock of a file: node -e THIS CONFIG CLOCK. It ends when its input does, so that
// it does not outlive what started it.
const { readFileSync } = require("node:fs");
const [config, clock] = process.argv.slice(1);
const Real = Date;
const now = () => Real.parse(readFileSync(clock, "utf8").trim());
globalThis.Date = class Date extends Real {
	constructor(...args) {
		if (args.length) super(...args);
		else super(now());
	}
	static now() {
		return now();
	}
};
process.stdin.on("end", () => process.exit()).resume();
require("verdaccio")
	.runServer(config)
	.then((app) => {
		const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
	});
