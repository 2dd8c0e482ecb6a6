// A data source that asks Prometheus through the page's own server, and answers in the shapes that
// Grafana's data source gives: one frame a series, a table, or the buckets of a heat map.
import { DataSourceApi, FieldType, LoadingState, toDataFrame } from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import { from } from 'rxjs';

const SCRAPE = 15; // seconds; what a data source assumes unless told otherwise

export const report = { asked: 0, failed: [] as string[], empty: [] as string[], pending: 0 };

type Series = { metric: Record<string, string>; values?: [number, string][]; value?: [number, string] };

const seconds = (n: number) => ({ value: `${n}s` });
const joined = (value: any) => (Array.isArray(value) ? (value.length > 1 ? `(${value.join('|')})` : value[0]) : String(value));
const points = (series: Series) => series.values ?? (series.value ? [series.value] : []);

async function ask(path: string, parameters: Record<string, string>) {
  const answer = await fetch(`/prometheus/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const body = await answer.json();
  if (body.status !== 'success') {
    throw new Error(body.error);
  }
  return body.data;
}

function name(target: any, labels: Record<string, string>) {
  if (!target.legendFormat) {
    return undefined;
  }
  return target.legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_: string, label: string) => labels[label] ?? '');
}

/** Values at every step from the first to the last of them; null where there is no number. */
function filled(series: Series, step: number): [number, number | null][] {
  const values = new Map(points(series));
  const times = points(series).map(([at]) => at);
  const found: [number, number | null][] = [];
  for (let at = times[0]; at <= times[times.length - 1]; at += step) {
    const value = parseFloat(values.get(at) ?? 'NaN');
    found.push([at * 1000, Number.isFinite(value) ? value : null]);
  }
  return found;
}

function lines(target: any, found: Series[], step: number) {
  return found.map((series) => {
    const { __name__, ...labels } = series.metric;
    const all = filled(series, step);
    const shown = name(target, series.metric);
    return toDataFrame({
      refId: target.refId,
      fields: [
        { name: 'Time', type: FieldType.time, config: { interval: step * 1000 }, values: all.map(([at]) => at) },
        {
          name: shown ?? __name__ ?? 'Value',
          type: FieldType.number,
          labels,
          config: shown ? { displayNameFromDS: shown } : {},
          values: all.map(([, value]) => value),
        },
      ],
    });
  });
}

function table(target: any, found: Series[], column: string) {
  const labels = [...new Set(found.flatMap((series) => Object.keys(series.metric)))].filter((label) => label !== '__name__').sort();
  return [
    toDataFrame({
      refId: target.refId,
      fields: [
        { name: 'Time', type: FieldType.time, values: found.map((series) => points(series)[0][0] * 1000) },
        ...labels.map((label) => ({ name: label, type: FieldType.string, values: found.map((series) => series.metric[label] ?? '') })),
        { name: column, type: FieldType.number, values: found.map((series) => parseFloat(points(series)[0][1])) },
      ],
    }),
  ];
}

/** Buckets hold what all smaller ones hold, too; a heat map wants each one's own. */
function buckets(target: any, found: Series[], step: number) {
  const bound = ({ metric }: Series) => (metric.le === '+Inf' ? Infinity : parseFloat(metric.le));
  const sorted = [...found].sort((a, b) => bound(a) - bound(b));
  const own = sorted.map((series, place) => ({
    metric: series.metric,
    values: points(series).map(([at, value], moment): [number, string] => {
      const below = place ? parseFloat(points(sorted[place - 1])[moment]?.[1] ?? '0') : 0;
      return [at, String(Math.max(0, parseFloat(value) - below))];
    }),
  }));
  return lines(target, own, step);
}

export class Prometheus extends (DataSourceApi as any) {
  constructor() {
    const meta = { id: 'prometheus', name: 'Prometheus', type: 'datasource', info: { logos: { small: '', large: '' } } };
    super({ id: 1, uid: 'preview', type: 'prometheus', name: 'Prometheus', meta, jsonData: {}, access: 'proxy', readOnly: true });
  }

  query(request: any) {
    return from(this.answered(request)) as any;
  }

  async answered(request: any) {
    const step = Math.max(1, Math.round(request.intervalMs / 1000));
    const range = Math.round((request.range.to.valueOf() - request.range.from.valueOf()) / 1000);
    const scoped = {
      ...request.scopedVars,
      __interval: seconds(step),
      __rate_interval: seconds(Math.max(step + SCRAPE, 4 * SCRAPE)),
      __range: seconds(range),
    };
    const frames = [];
    for (const target of request.targets) {
      const expr = getTemplateSrv().replace(target.expr, scoped, joined);
      const found = await this.series(expr, target, request.range, step);
      const shape = target.format ?? 'time_series';
      const column = request.targets.length > 1 ? `Value #${target.refId}` : 'Value';
      if (found.length) {
        const shaped = { time_series: lines, heatmap: buckets, table: (t: any, f: Series[]) => table(t, f, column) } as any;
        frames.push(...shaped[shape](target, found, step));
      }
    }
    return { data: frames, state: LoadingState.Done, key: request.requestId };
  }

  async series(expr: string, target: any, range: any, step: number): Promise<Series[]> {
    const [start, end] = [range.from.unix(), range.to.unix()].map((at: number) => String(Math.floor(at / step) * step));
    report.asked++;
    report.pending++;
    try {
      const data = target.instant
        ? await ask('query', { query: expr, time: String(range.to.unix()) })
        : await ask('query_range', { query: expr, start, end, step: String(step) });
      if (!data.result.length) {
        report.empty.push(expr);
      }
      return data.result;
    } catch (error) {
      report.failed.push(`${expr}: ${error}`);
      throw error;
    } finally {
      report.pending--;
    }
  }

  async metricFindQuery(query: any, options: any) {
    const text = getTemplateSrv().replace(typeof query === 'string' ? query : query.query, options?.scopedVars, joined);
    const [, series, label] = /^label_values\((?:(.*),)?\s*(\w+)\s*\)$/.exec(text) ?? [];
    const match: Record<string, string> = series ? { 'match[]': series } : {};
    const found: string[] = await ask(`label/${label}/values`, match);
    return found.map((value) => ({ text: value, value }));
  }

  async testDatasource() {
    return { status: 'success', message: '' };
  }
}
