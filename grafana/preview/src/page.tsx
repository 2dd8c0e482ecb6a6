// Turns a dashboard's JSON into one of Grafana's scenes and draws it.
import '@fontsource/inter/400.css';
import '@fontsource/inter/500.css';
import { ThemeContext, createTheme } from '@grafana/data';
import * as runtime from '@grafana/runtime';
import * as scenes from '@grafana/scenes';
import { GlobalStyles } from '@grafana/ui';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { MemoryRouter } from 'react-router-dom';
import { Observable, from as sequence } from 'rxjs';

import { plugins } from './panels';
import { Prometheus, report } from './prometheus';
import { setUp } from './registries';

const asked = new URLSearchParams(location.search);
const theme = createTheme({ colors: { mode: asked.get('theme') === 'light' ? 'light' : 'dark' } });
const source: any = new Prometheus();
const reference = { uid: 'preview', type: 'prometheus' };
const known = plugins(theme);
const errors: string[] = [];
Object.assign(window, { report, errors });

function panelPlugin(id: string) {
  if (!known[id]) {
    errors.push(`no panel of type ${id}`);
  }
  return known[id];
}

function services() {
  Object.assign(runtime.config, { theme2: theme });
  const settings = { ...reference, name: 'Prometheus', meta: source.meta };
  runtime.setDataSourceSrv({ get: async () => source, getList: () => [settings], getInstanceSettings: () => settings, reload() {}, registerRuntimeDataSource() {} } as any);
  runtime.setPluginImportUtils({ importPanelPlugin: async (id: string) => panelPlugin(id), getPanelPluginFromCache: panelPlugin } as any);
  (runtime as any).setAppEvents({ publish() {}, getStream: () => sequence([]), subscribe: () => ({ unsubscribe() {} }) });
  runtime.setRunRequest(((one: any, request: any) =>
    new Observable((observer) => {
      const told = (state: string, series: any[], error?: any) => observer.next({ state, series, error, timeRange: request.range, request } as any);
      told('Loading', []);
      const running = one.query(request).subscribe({ next: (answer: any) => told('Done', answer.data), error: (error: any) => told('Error', [], error) });
      return () => running.unsubscribe();
    })) as any);
}

function variable(found: any) {
  const { name, label } = found;
  const chosen = asked.get(`var-${name}`) ?? found.current?.value;
  if (found.type === 'datasource') {
    return new scenes.DataSourceVariable({ name, label, pluginId: 'prometheus', value: 'preview', text: 'Prometheus' });
  }
  return new scenes.QueryVariable({
    name,
    label,
    datasource: reference,
    query: { query: found.query, refId: 'values' } as any,
    isMulti: found.multi,
    includeAll: found.includeAll,
    allValue: found.allValue,
    defaultToAll: found.includeAll,
    sort: found.sort,
    value: chosen,
    text: chosen,
  });
}

/** JSON has no minus infinity: the first limit's value is null. */
function bottomless(part: any): any {
  if (part && typeof part === 'object') {
    for (const step of part.steps ?? []) {
      step.value ??= -Infinity;
    }
    Object.values(part).forEach(bottomless);
  }
  return part;
}

function body(panel: any) {
  const queries = panel.targets.map((target: any) => ({ ...target, datasource: reference }));
  const runner = new scenes.SceneQueryRunner({ datasource: reference, queries, minInterval: panel.interval });
  return new scenes.VizPanel({
    key: `panel-${panel.id}`,
    title: panel.title,
    description: panel.description,
    pluginId: panel.type,
    options: panel.options ?? {},
    fieldConfig: bottomless(panel.fieldConfig),
    $data: new scenes.SceneDataTransformer({ $data: runner, transformations: panel.transformations ?? [] }),
  });
}

function item(panel: any) {
  const { x, y, w: width, h: height } = panel.gridPos;
  if (panel.type === 'row') {
    return new scenes.SceneGridRow({ title: panel.title, x, y, isCollapsed: panel.collapsed, isCollapsible: false });
  }
  return new scenes.SceneGridItem({ x, y, width, height, body: body(panel) });
}

async function main() {
  setUp();
  services();
  const board = await (await fetch(`/boards/${asked.get('board')}.json`)).json();
  const scene = new scenes.EmbeddedScene({
    $timeRange: new scenes.SceneTimeRange({ from: asked.get('from') ?? board.time.from, to: asked.get('to') ?? 'now', timeZone: 'utc' }),
    $variables: new scenes.SceneVariableSet({ variables: board.templating.list.map(variable) }),
    controls: [new scenes.VariableValueSelectors({}), new scenes.SceneControlsSpacer(), new scenes.SceneTimePicker({ isOnCanvas: true })],
    body: new scenes.SceneGridLayout({ children: board.panels.filter((panel: any) => !panel.collapsed).map(item) }),
  });
  runtime.setTemplateSrv({
    replace: (text: string, scoped: any, format: any) => scenes.sceneGraph.interpolate(scene, text, scoped, format),
    getVariables: () => [],
    containsTemplate: () => false,
    updateTimeRange() {},
  } as any);
  createRoot(document.getElementById('root')!).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <MemoryRouter>
        <scene.Component model={scene} />
      </MemoryRouter>
    </ThemeContext.Provider>,
  );
  scene.activate();
}

window.addEventListener('error', ({ message }) => errors.push(message));
window.addEventListener('unhandledrejection', ({ reason }) => errors.push(String(reason?.stack ?? reason)));
main().catch((error) => errors.push(String(error.stack ?? error)));
