import { render } from "preact";
import "../look/page.css";
import "../look/controls.css";
import { deviceLanguage } from "../look/words.js";
import { Handset } from "./handset.js";
import { SimulatorPage } from "./page.js";
import { Provider } from "./provider.js";
import { phoneWords } from "./words.js";

const language = deviceLanguage();
document.documentElement.lang = language;
document.title = phoneWords[language].title;

const provider = new Provider();
void provider.people().then((people) => {
	const wanted = new URLSearchParams(location.search).get("phone") ?? "";
	const handset = new Handset(people.includes(wanted) ? wanted : (people[0] ?? ""), "whatsapp");
	if (people.length > 0) handset.start();
	render(<SimulatorPage handset={handset} people={people} language={language} />, document.body);
});
