import { render } from "preact";
import "./styles/base.css";
import "./styles/board.css";
import "./styles/alternatives.css";
import "./styles/floor.css";
import { start } from "./store";
import { App, showTheme } from "./views/App";

showTheme();
render(<App />, document.getElementById("app")!);
start();
