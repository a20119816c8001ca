import { render } from "preact";
import "../look/page.css";
import "../look/controls.css";
import "./board.css";
import { deviceLanguage } from "../look/words.js";
import { Handset } from "./handset.js";
import { SimulatorPage } from "./page.js";
import { phoneWords } from "./words.js";

const language = deviceLanguage();
document.documentElement.lang = language;
document.title = phoneWords[language].title;

const wanted = new URLSearchParams(location.search).get("phone") ?? "";
const handset = new Handset(wanted, "whatsapp");
void handset.provider.people().then((people) => {
	handset.take(people.includes(wanted) ? wanted : (people[0] ?? wanted));
});
handset.start();
render(<SimulatorPage handset={handset} language={language} />, document.body);
