/** The shortest and the longest wait between two tries, in milliseconds. */
const shortest = 500;
const longest = 30_000;

/**
 * How long to wait before a try, in milliseconds: anything between nothing and a bound
 * that doubles, so that the pages of a server that comes back do not come all at once.
 *
 * @param tries how many have failed
 * @param random gives numbers from 0 up to 1
 */
export function backoff(tries: number, random: () => number): number {
	return random() * Math.min(longest, shortest * 2 ** Math.max(0, tries - 1));
}
