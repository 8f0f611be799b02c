import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";

// The build replaces EXAMPLES by ide/examples/*.graphql: title, description and query of each.
export const examples = EXAMPLES;

// As in bekal.css.
const PANEL_COVERS_EDITORS = "(max-width: 800px)";

function Icon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round">
      <path d="M10 5.2C8.3 3.8 5.5 3.4 2.5 3.7v11.600c3-.3 5.800.1 7.500 1.500 1.700-1.400 4.500-1.800 7.500-1.500V3.700c-3-.3-5.800.1-7.500 1.500Z" />
      <path d="M10 5.2v11.600" />
    </svg>
  );
}

function Examples() {
  const { addTab, changeTab, setVisiblePlugin } = useGraphiQLActions();
  const { tabs, activeTabIndex, queryEditor, variableEditor } = useGraphiQL((state) => ({
    tabs: state.tabs,
    activeTabIndex: state.activeTabIndex,
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
  }));
  const current = tabs[activeTabIndex]?.query;

  // What somebody typed is never replaced: an example opens in its own tab, or in the current one if that is empty.
  const open = ({ query }) => {
    if (window.matchMedia(PANEL_COVERS_EDITORS).matches) {
      setVisiblePlugin(null);
    }
    const already = tabs.findIndex((tab) => tab.query === query);
    if (already >= 0) {
      changeTab(already);
      return;
    }
    if (current?.trim()) {
      addTab();
    }
    queryEditor?.setValue(query);
    variableEditor?.setValue("");
  };

  return (
    <section className="bekal-examples" aria-label="Examples">
      <h2>Examples</h2>
      <p>Each opens in a tab of its own. Run it with Ctrl-Enter, then change it.</p>
      <ul>
        {examples.map((example) => (
          <li key={example.name}>
            <button
              type="button"
              data-example={example.name}
              aria-current={example.query === current}
              onClick={() => open(example)}
            >
              <strong>{example.title}</strong>
              <span>{example.description}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export const EXAMPLES_PLUGIN = { title: "Examples", icon: Icon, content: Examples };
