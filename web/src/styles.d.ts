/** Style sheets: a file beside the script, or their text where they are imported with { type: "text" }. */
declare module "*.css" {
	const text: string;
	export default text;
}
