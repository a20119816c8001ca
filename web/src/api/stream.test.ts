import { describe, expect, test } from "vitest";
import type { ClientFrameJson, SubscribeResponseJson } from "../gen/weiche/stream/v1/stream_pb.js";
import type { Ears } from "./connection.js";
import { type Listener, Stream, type Surroundings } from "./stream.js";

/** A connection that a stream has opened, as its server sees it. */
class Line {
	said: ClientFrameJson[] = [];
	closed = false;
	constructor(
		readonly fallback: boolean,
		readonly ears: Ears,
	) {}
}

/** A world whose clock is moved by hand. */
class World implements Surroundings {
	now = 0;
	lines: Line[] = [];
	token = "";
	chance = 1;
	private timers: { at: number; then: () => void }[] = [];
	private comeback = () => {};

	dials = [false, true].map((fallback) => (ears: Ears) => {
		const line = new Line(fallback, ears);
		this.lines.push(line);
		return {
			say: (frame: ClientFrameJson) => void line.said.push(frame),
			close: () => {
				line.closed = true;
			},
		};
	}) as unknown as Surroundings["dials"];

	authorization = () => this.token;
	random = () => this.chance;

	after(milliseconds: number, then: () => void): () => void {
		const timer = { at: this.now + milliseconds, then };
		this.timers.push(timer);
		return () => {
			this.timers = this.timers.filter((other) => other !== timer);
		};
	}

	onComeback(then: () => void): () => void {
		this.comeback = then;
		return () => {
			this.comeback = () => {};
		};
	}

	gone = () => {};

	onGone(then: () => void): () => void {
		this.gone = then;
		return () => {
			this.gone = () => {};
		};
	}

	comeBack(): void {
		this.comeback();
	}

	/** Lets time pass, in order. */
	pass(milliseconds: number): void {
		const end = this.now + milliseconds;
		for (;;) {
			const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
			if (!next) break;
			this.timers = this.timers.filter((timer) => timer !== next);
			this.now = next.at;
			next.then();
		}
		this.now = end;
	}

	get line(): Line {
		const line = this.lines.at(-1);
		if (!line) throw new Error("nothing was dialled");
		return line;
	}
}

class Heard implements Listener {
	cursors: string[] = [];
	frames: SubscribeResponseJson[] = [];
	expirations = 0;
	refusals: string[] = [];
	heard = (frame: SubscribeResponseJson) => {
		this.frames.push(frame);
		if (frame.cursor) this.cursors.push(frame.cursor);
	};
	expired = () => {
		this.expirations++;
	};
	refused = (why: { reason?: string }) => {
		this.refusals.push(why.reason ?? "");
	};
}

function change(cursor: string, subscription = 1): SubscribeResponseJson {
	return { cursor, subscription, change: { type: "message.created" } };
}

function opened(world = new World()) {
	const stream = new Stream(world);
	const heard = new Heard();
	const following = stream.follow({ own: true, cursor: "c0" }, heard);
	world.line.ears.opened();
	return { world, stream, heard, following };
}

describe("a stream", () => {
	test("does not connect before something is followed, and says who it is first", () => {
		const world = new World();
		world.token = "Bearer t";
		const stream = new Stream(world);
		expect(world.lines).toHaveLength(0);
		stream.follow({ own: true }, new Heard());
		expect(stream.state).toBe("away");
		world.line.ears.opened();
		expect(stream.state).toBe("open");
		expect(world.line.said).toEqual([
			{ authenticate: { authorization: "Bearer t" } },
			{ subscribe: { subscription: 1, request: { own: true } } },
		]);
	});

	test("goes on from the last cursor, which heartbeats move too", () => {
		const { world, heard } = opened();
		world.line.ears.heard(change("c1"));
		world.line.ears.heard({ cursor: "c2", subscription: 1, heartbeat: {} });
		expect(heard.frames).toHaveLength(1);
		world.line.ears.ended(1006);
		world.pass(500);
		world.line.ears.opened();
		expect(world.line.said).toEqual([
			{ subscribe: { subscription: 1, request: { own: true, cursor: "c2" } } },
		]);
	});

	test("waits longer each time, at most half a minute, and not at all when the device is back", () => {
		const { world } = opened();
		const waits: number[] = [];
		for (let tries = 0; tries < 9; tries++) {
			const before = world.now;
			const count = world.lines.length;
			world.line.ears.ended(1006);
			while (world.lines.length === count) world.pass(100);
			waits.push(world.now - before);
		}
		expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
		const count = world.lines.length;
		world.line.ears.ended(1006);
		world.comeBack();
		expect(world.lines).toHaveLength(count + 1);
	});

	test("is gone when the server has said nothing for 35 s", () => {
		const { world, stream } = opened();
		world.pass(34_000);
		world.line.ears.heard({ subscription: 1, heartbeat: {} });
		world.pass(34_999);
		expect(stream.state).toBe("open");
		const silent = world.line;
		world.pass(1);
		expect(stream.state).toBe("away");
		expect(silent.closed).toBe(true);
	});

	test("is away at once when the device has no network, though the socket does not know", () => {
		const { world, stream } = opened();
		world.gone();
		expect(stream.state).toBe("away");
		expect(world.line.closed).toBe(true);
		world.comeBack();
		expect(world.lines).toHaveLength(2);
	});

	test("calls after two WebSockets that did not open, and tries them again after that failed too", () => {
		const world = new World();
		const stream = new Stream(world);
		stream.follow({ own: true }, new Heard());
		for (let tries = 0; tries < 2; tries++) {
			expect(world.line.fallback).toBe(false);
			world.line.ears.ended(1006);
			world.pass(30_000);
		}
		expect(world.line.fallback).toBe(true);
		world.line.ears.opened();
		expect(stream.state, "calls that nobody has answered yet").toBe("away");
		world.line.ears.heard(change("c1"));
		expect(stream.state).toBe("open");
		world.line.ears.ended(0);
		world.pass(30_000);
		expect(world.line.fallback, "what worked is used again").toBe(true);
		world.line.ears.opened();
		world.line.ears.ended(0);
		world.pass(30_000);
		expect(world.line.fallback).toBe(false);
	});

	test("obeys the server's word to go away for a while", () => {
		const { world, stream } = opened();
		world.line.ears.heard({ goAway: { reason: "GO_AWAY_REASON_SHUTDOWN", retryAfterMs: 7000 } });
		expect(stream.state).toBe("away");
		world.pass(6999);
		expect(world.lines).toHaveLength(1);
		world.pass(1);
		expect(world.lines).toHaveLength(2);
	});

	test("stops for good when the session is over, until it is begun anew", () => {
		for (const over of [
			(line: Line) => line.ears.heard({ goAway: { reason: "GO_AWAY_REASON_REVOKED" } }),
			(line: Line) => line.ears.ended(4001),
		]) {
			const { world, stream } = opened();
			over(world.line);
			expect(stream.state).toBe("revoked");
			world.pass(3_600_000);
			world.comeBack();
			expect(world.lines).toHaveLength(1);
			stream.restart();
			expect(world.lines).toHaveLength(2);
		}
	});

	test("tells the one whose cursor has expired, and the others go on", () => {
		const { world, stream, heard } = opened();
		const other = new Heard();
		stream.follow({ inbox: true }, other);
		world.line.ears.heard({ subscription: 1, goAway: { reason: "GO_AWAY_REASON_CURSOR_EXPIRED" } });
		world.line.ears.heard(change("x1", 2));
		expect(heard.expirations).toBe(1);
		expect(other.cursors).toEqual(["x1"]);
		expect(stream.state).toBe("open");
	});

	test("tells who was refused, and does not ask again", () => {
		const { world, heard } = opened();
		world.line.ears.heard({ subscription: 1, refused: { reason: "REASON_NOT_FOUND" } });
		expect(heard.refusals).toEqual(["REASON_NOT_FOUND"]);
		world.line.ears.ended(1006);
		world.pass(30_000);
		world.line.ears.opened();
		expect(world.line.said).toEqual([]);
	});

	test("closes when nothing is followed, and leaves nothing behind", () => {
		const { world, stream, following } = opened();
		following.stop();
		expect(world.line.said.at(-1)).toEqual({ unsubscribe: 1 });
		expect(stream.state).toBe("idle");
		expect(world.line.closed).toBe(true);
		world.pass(120_000);
		expect(world.lines).toHaveLength(1);
	});

	test("what a connection says that was given up is not heard", () => {
		const { world, heard } = opened();
		const old = world.line;
		old.ears.ended(1006);
		world.pass(30_000);
		world.line.ears.opened();
		old.ears.heard(change("late"));
		expect(heard.cursors).not.toContain("late");
	});
});

/** A server with a log of changes, whose connections break where a dice says so. */
function serve(world: World, log: string[], random: () => number): void {
	const line = world.line;
	line.ears.opened();
	const from = line.said.at(-1)?.subscribe?.request?.cursor;
	for (const cursor of log.slice(from === "c0" ? 0 : log.indexOf(from ?? "") + 1)) {
		if (random() < 0.2) {
			line.ears.ended(1006);
			return;
		}
		line.ears.heard(change(cursor));
	}
}

test("over connections that break at any place nothing is missing and nothing comes twice", () => {
	let seed = 1;
	const random = () => {
		seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
		return seed / 2_147_483_648;
	};
	let breaks = 0;
	for (let run = 0; run < 200; run++) {
		const world = new World();
		const heard = new Heard();
		new Stream(world).follow({ own: true, cursor: "c0" }, heard);
		const log = Array.from({ length: 40 }, (_, n) => `c${n + 1}`);
		let tries = 0;
		while (heard.cursors.length < log.length && tries++ < 1000) {
			const count = world.lines.length;
			serve(world, log, random);
			if (heard.cursors.length === log.length) break;
			breaks++;
			while (world.lines.length === count) world.pass(1000);
		}
		expect(heard.cursors).toEqual(log);
	}
	expect(breaks, "connections that broke").toBeGreaterThan(100);
});
