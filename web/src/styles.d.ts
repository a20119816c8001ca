/** Style sheets: their text for a shadow root, a file beside the script for a page. */
declare module "*.css" {
	const text: string;
	export default text;
}
