import "./workers.js";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./bekal.css";

import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";

import { Account } from "./account.jsx";
import { EXAMPLES_PLUGIN, examples } from "./examples.jsx";
import { fetcherOf } from "./fetcher.js";
import { arrive } from "./session.js";
import { Status } from "./status.jsx";
import { isFirstVisit, storage } from "./storage.js";

const HEADERS = `{
  // Shows the plan and its SQL beside the data
  // (on development servers):
  // "Bekal-Explain": "1"
}
`;

// Below this width a panel beside the editors leaves no room to read a line.
const WIDE_ENOUGH_FOR_A_PANEL_PX = 1000;

const EXPLORER_PLUGIN = { ...explorerPlugin({ showAttribution: false }), title: "Explorer" };
const PLUGINS = [EXAMPLES_PLUGIN, EXPLORER_PLUGIN, HISTORY_PLUGIN];

const container = document.getElementById("graphiql");
const welcome = isFirstVisit() && window.innerWidth >= WIDE_ENOUGH_FOR_A_PANEL_PX;

arrive();

createRoot(container).render(
  <GraphiQL
    fetcher={fetcherOf(container.dataset.endpoint)}
    plugins={PLUGINS}
    visiblePlugin={welcome ? EXAMPLES_PLUGIN : undefined}
    defaultTabs={[{ query: examples[0].query, headers: HEADERS }]}
    defaultHeaders={HEADERS}
    defaultEditorToolsVisibility={false}
    shouldPersistHeaders={false}
    inputValueDeprecation
    schemaDescription
    storage={storage}
  >
    <GraphiQL.Logo>
      <div className="bekal-head">
        <span className="bekal-logo">Bekal</span>
        <Account />
      </div>
    </GraphiQL.Logo>
    <GraphiQL.Footer>
      <Status />
    </GraphiQL.Footer>
  </GraphiQL>,
);
