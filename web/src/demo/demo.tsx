import { render } from "preact";
import "../look/page.css";
import "../look/controls.css";
import "./demo.css";
import { deviceLanguage } from "../look/words.js";
import { Handset } from "../phone/handset.js";
import { meet, ownerOf, pass } from "./owner.js";
import { DemoPage } from "./page.js";
import { Visitor } from "./visitor.js";
import { demoWords } from "./words.js";

/** The widget of the shop. */
const widget = "shop";

const language = deviceLanguage();
document.documentElement.lang = language;
document.title = demoWords[language].title;

const visitor = new Visitor(widget);
visitor.start();
const handset = new Handset(ownerOf(), "whatsapp");
// Where nobody answers, the phone says so itself.
void meet(handset.provider, ownerOf())
	.catch(() => {})
	.finally(() => handset.start());

render(
	<DemoPage
		handset={handset}
		visitor={visitor}
		language={language}
		onStartOver={async () => {
			visitor.forget();
			for (const fault of await handset.provider.faults()) await handset.provider.removeFault(fault.id);
			handset.take(await pass(handset.provider));
			handset.look("whatsapp");
		}}
	/>,
	document.body,
);
