// Bundles src/ into dist/page.js. Grafana's packages come as several builds that load each other;
// all of them must end up as one copy, or their registries are filled twice.
import esbuild from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';

const root = import.meta.dirname;
const modules = path.join(root, 'node_modules');
const commonjs = /^@grafana\/(data|ui|runtime|schema|i18n|e2e-selectors)(?:\/(unstable|internal))?$/;
const fixed = {
  '@grafana/scenes': '@grafana/scenes/dist/index.js',
  moment: 'moment/moment.js',
  rxjs: 'rxjs/dist/cjs/index.js',
  'rxjs/operators': 'rxjs/dist/cjs/operators/index.js',
  react: 'react/index.js',
  'react-dom': 'react-dom/index.js',
};

const oneCopy = {
  name: 'one-copy',
  setup(build) {
    build.onResolve({ filter: commonjs }, ({ path: name }) => {
      const [, library, part = 'index'] = commonjs.exec(name);
      const file = path.join(modules, '@grafana', library, 'dist/cjs', `${part}.cjs`);
      return fs.existsSync(file) ? { path: file } : undefined;
    });
    build.onResolve({ filter: /^[@a-z]/ }, ({ path: name }) =>
      name in fixed ? { path: path.join(modules, fixed[name]) } : undefined,
    );
  },
};

// Grafana takes its table from a fork that runs with React 18; the published one needs 19, where a
// context is its own provider.
const tableForReact18 = {
  name: 'table-for-react-18',
  setup(build) {
    build.onLoad({ filter: /react-data-grid\/lib\/\w+\.js$/ }, ({ path: file }) => ({
      contents: fs.readFileSync(file, 'utf8').replace(/\b(jsxs?)\((\w+Context),/g, '$1($2.Provider,'),
    }));
  },
};

await esbuild.build({
  entryPoints: [path.join(root, 'src/page.tsx')],
  outfile: path.join(root, 'dist/page.js'),
  bundle: true,
  format: 'esm',
  platform: 'browser',
  mainFields: ['browser', 'main', 'module'],
  define: { 'process.env.NODE_ENV': '"production"', 'process.platform': '"linux"', global: 'window' },
  loader: { '.svg': 'dataurl', '.ttf': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl' },
  plugins: [oneCopy, tableForReact18],
  logLevel: 'error',
});
