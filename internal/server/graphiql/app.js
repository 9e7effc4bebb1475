// The page at /: GraphiQL with the example queries that the server wrote into the page.
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import { fetcher } from './fetcher.js';

const workers = { json: 'json.worker.js', graphql: 'graphql.worker.js' };
globalThis.MonacoEnvironment = {
  getWorker: (_, label) =>
    new Worker(new URL(workers[label] ?? 'editor.worker.js', import.meta.url), { type: 'module' }),
};

const examples = JSON.parse(document.getElementById('examples').textContent) ?? [];
const tabs = examples.map(e => ({
  title: e.title,
  query: `# ${e.title}\n${e.query}`,
  variables: e.variables ?? null,
  headers: e.headers ?? null,
}));

// The browser keeps the tabs. Those of another portfolio sign nobody in and name what is not there: new ones then. The first one's variables GraphiQL takes from
// where it keeps those of the last.
const signIn = examples[0]?.variables ?? '';
if (localStorage.getItem('steward:examples') !== signIn) {
  ['tabState', 'query', 'variables'].forEach(key => localStorage.removeItem(`graphiql:${key}`));
  localStorage.setItem('graphiql:variables', signIn);
  localStorage.setItem('steward:examples', signIn);
}

createRoot(document.getElementById('app')).render(
  createElement(GraphiQL, {
    fetcher,
    defaultTabs: tabs.length ? tabs : undefined,
    defaultEditorToolsVisibility: true,
    inputValueDeprecation: true,
    schemaDescription: true,
  }),
);
