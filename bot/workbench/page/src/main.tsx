// Starts the page.
import { createRoot } from "react-dom/client";
import { App } from "./App";
import "./style/tokens.css";
import "./style/page.css";
import "./style/header.css";
import "./style/controls.css";
import "./style/chat.css";
import "./style/slack.css";
import "./style/teams.css";
import "./style/run.css";
import "./style/services.css";
import "./style/touch.css";

createRoot(document.getElementById("page")!).render(<App />);
