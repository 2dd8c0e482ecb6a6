// Panel plugins. Numbers, bars, tables and graphs are Grafana's own components; heat map, strips and
// map are drawn by stand-ins, because Grafana publishes no library with them.
import { FieldColorModeId, FieldType, PanelPlugin, VizOrientation, cacheFieldDisplayNames, getDisplayValueAlignmentFactors, getFieldDisplayValues } from '@grafana/data';
import { BarGauge, BigValue, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import React from 'react';

import { Heat } from './heat';
import { CELLS, GRAPH, custom } from './registries';
import { Strips } from './strips';
import { World } from './world';

type Props = any;

export function Nothing({ fieldConfig, width, height }: Props) {
  const style = { width, height, display: 'flex', alignItems: 'center', justifyContent: 'center', opacity: 0.65, fontSize: 14 };
  return <div style={style as any}>{fieldConfig.defaults.noValue ?? 'No data'}</div>;
}

const filled = (Panel: React.FC<Props>) => (props: Props) =>
  props.data.series.some((frame: any) => frame.length) ? <Panel {...props} /> : <Nothing {...props} />;

function shown(props: Props, theme: any) {
  const { fieldConfig, options, data, replaceVariables, timeZone } = props;
  const reduceOptions = options.reduceOptions ?? { calcs: ['lastNotNull'] };
  return getFieldDisplayValues({ fieldConfig, reduceOptions, replaceVariables, theme, data: data.series, timeZone, sparkline: options.graphMode !== 'none' });
}

function repeated(draw: (props: Props, one: any, theme: any) => React.ReactNode, more: (options: any) => any) {
  return (theme: any) => (props: Props) => (
    <VizRepeater
      getValues={() => shown(props, theme)}
      renderValue={(one: any) => draw(props, one, theme)}
      width={props.width}
      height={props.height}
      source={props.data}
      renderCounter={props.renderCounter}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      orientation={props.options.orientation ?? VizOrientation.Auto}
      {...more(props.options)}
    />
  );
}

const Stat = repeated(
  ({ options }, { value, count, width, height, alignmentFactors, orientation }, theme) => (
    <BigValue
      value={value.display}
      sparkline={value.sparkline}
      count={count}
      colorMode={options.colorMode}
      graphMode={options.graphMode}
      justifyMode={options.justifyMode}
      textMode={options.textMode}
      text={options.text}
      alignmentFactors={alignmentFactors}
      parentOrientation={orientation}
      disableWideLayout={!options.wideLayout}
      width={width}
      height={height}
      theme={theme}
    />
  ),
  () => ({ itemSpacing: 3, autoGrid: true }),
);

const Ranking = repeated(
  ({ options }, { value, width, height, alignmentFactors, orientation }, theme) => (
    <BarGauge
      value={value.display}
      field={value.field}
      display={value.view?.getFieldDisplayProcessor(value.colIndex)}
      text={options.text}
      displayMode={options.displayMode}
      valueDisplayMode={options.valueMode}
      namePlacement={options.namePlacement}
      showUnfilled={options.showUnfilled}
      orientation={orientation}
      alignmentFactors={alignmentFactors}
      itemSpacing={8}
      lcdCellWidth={8}
      width={width}
      height={height}
      theme={theme}
    />
  ),
  (options) => ({ itemSpacing: 8, minVizHeight: options.minVizHeight, maxVizHeight: options.maxVizHeight }),
);

function Graph({ data, timeRange, timeZone, width, height, options }: Props) {
  const numbers = data.series.filter((frame: any) => frame.fields.some((field: any) => field.type === FieldType.number));
  return (
    <TimeSeries
      frames={numbers}
      structureRev={data.structureRev}
      timeRange={timeRange}
      timeZone={timeZone}
      width={width}
      height={height}
      legend={options.legend}
      options={options}
    >
      {() => null}
    </TimeSeries>
  );
}

function Cells({ data, width, height, options }: Props) {
  cacheFieldDisplayNames(data.series);
  return (
    <TableNG
      data={data.series[0]}
      width={width}
      height={height}
      initialSortBy={options.sortBy}
      cellHeight={options.cellHeight}
      structureRev={data.structureRev}
      getActions={() => []}
    />
  );
}

function plugin(id: string, panel: any, options: Record<string, any> = {}, colour: string = FieldColorModeId.PaletteClassic) {
  const made = new PanelPlugin(panel);
  made.meta = { id, name: id, type: 'panel', module: '', baseUrl: '', sort: 1, info: { logos: { small: '', large: '' } } } as any;
  made.useFieldConfig({ useCustomConfig: custom(options), standardOptions: { color: { defaultValue: { mode: colour } } } as any });
  return made;
}

export function plugins(theme: any): Record<string, PanelPlugin> {
  const limits = FieldColorModeId.Thresholds;
  return {
    timeseries: plugin('timeseries', filled(Graph), GRAPH),
    stat: plugin('stat', Stat(theme), {}, limits),
    bargauge: plugin('bargauge', filled(Ranking(theme)), {}, limits),
    table: plugin('table', filled(Cells), CELLS, limits),
    heatmap: plugin('heatmap', filled(Heat)),
    'state-timeline': plugin('state-timeline', filled(Strips), {}, limits),
    geomap: plugin('geomap', filled(World), {}, limits),
  };
}
