// Bundles GraphiQL and the workers of its editor into dist/, gzipped, as the server embeds them, and with them the licences of all that is in the bundles.
// npm ci && npm run build
import { build } from 'esbuild';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const common = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
  loader: { '.ttf': 'dataurl' },
  write: true,
  metafile: true,
};
await rm('dist', { recursive: true, force: true });
await mkdir('dist');
const page = await build({ ...common, entryPoints: { app: 'app.js' }, outdir: 'dist' });
const workers = await build({
  ...common,
  entryPoints: {
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
  },
  outdir: 'dist',
});
const inputs = Object.keys({ ...page.metafile.inputs, ...workers.metafile.inputs });
const packages = new Set(inputs.map(path => path.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1]).filter(Boolean));
const licences = await Promise.all([...packages].sort().map(async folder => {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`));
  const file = (await readdir(folder)).sort().find(name => /^licen[cs]e(\.|$)/i.test(name));
  return `${name} ${version} (${license})\n\n${file ? (await readFile(`${folder}/${file}`, 'utf8')).trim() : ''}\n`;
}));
await writeFile('dist/licenses.txt', licences.join(`\n${'-'.repeat(80)}\n\n`));
for (const name of await readdir('dist')) {
  const packed = gzipSync(await readFile(`dist/${name}`), { level: 9 });
  packed[9] = 255; // "unknown system", so that every machine writes the same bytes
  await writeFile(`dist/${name}.gz`, packed);
  await rm(`dist/${name}`);
}
