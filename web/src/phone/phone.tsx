import { render } from "preact";
import "../look/page.css";

render(
	<main id="main">
		<h1>Simulator</h1>
	</main>,
	document.body,
);
