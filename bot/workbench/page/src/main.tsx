// Starts the page.
import { createRoot } from "react-dom/client";
import { App } from "./App";
import "./style/tokens.css";
import "./style/page.css";
import "./style/controls.css";
import "./style/slack.css";
import "./style/teams.css";
import "./style/run.css";

createRoot(document.getElementById("page")!).render(<App />);
