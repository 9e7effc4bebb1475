// Runs the audits of graphql-http against the address given: node audit.mjs http://127.0.0.1:8080/graphql
import { auditServer } from 'graphql-http';

const results = await auditServer({ url: process.argv[2] });
const bad = results.filter(r => r.status !== 'ok');
for (const r of bad) console.log(`${r.status} ${r.id} ${r.name}: ${r.reason}`);
console.log(`${results.length - bad.length}/${results.length}`);
process.exit(bad.length ? 1 : 0);
