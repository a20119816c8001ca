import { render } from "preact";
import "../look/page.css";

render(
	<main id="main">
		<h1>Weiche</h1>
	</main>,
	document.body,
);
