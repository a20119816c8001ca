import { render } from "preact";
import "../look/page.css";
import "../look/controls.css";
import "../look/dialog.css";
import "../look/login.css";
import "../look/menu.css";
import { App } from "./app.js";
import { Workspace } from "./workspace.js";

render(<App workspace={Workspace.ofPage()} />, document.body);
