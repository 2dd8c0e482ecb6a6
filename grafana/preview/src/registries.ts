// What Grafana's application sets up before it draws anything: field options, transformations,
// translations, time zone and theme.
import * as data from '@grafana/data';

const anything = (value: any) => value;
const none = () => null;

function option(path: string, process: any, defaultValue?: any): any {
  return { id: path, path, name: path, process, defaultValue, editor: none, override: none, shouldApply: () => true, settings: {} };
}

function fieldOptions() {
  const d = data as any;
  return [
    option('unit', d.unitOverrideProcessor),
    option('min', d.numberOverrideProcessor),
    option('max', d.numberOverrideProcessor),
    option('fieldMinMax', d.booleanOverrideProcessor, false),
    option('decimals', d.numberOverrideProcessor),
    option('displayName', d.displayNameOverrideProcessor),
    option('color', d.identityOverrideProcessor, { mode: 'palette-classic' }),
    option('noValue', d.stringOverrideProcessor),
    option('links', d.dataLinksOverrideProcessor),
    option('mappings', d.valueMappingsOverrideProcessor, []),
    option('thresholds', d.thresholdsOverrideProcessor),
  ];
}

const EDITORS = ['text', 'number', 'slider', 'boolean', 'string', 'select', 'color', 'multi-select', 'unit', 'thresholds', 'links', 'mappings', 'radio', 'stats-picker', 'strings', 'timezone', 'fieldColor', 'field-name', 'dashboard-uid', 'actions', 'multi-field-name'];

/** Custom options of the graph panel, with the values that they have when a dashboard is silent. */
export const GRAPH = {
  drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, fillOpacity: 0, gradientMode: 'none', barAlignment: 0,
  lineStyle: { fill: 'solid' }, pointSize: 5, showPoints: 'auto', spanNulls: false, axisPlacement: 'auto', axisLabel: '',
  stacking: { mode: 'none', group: 'A' }, thresholdsStyle: { mode: 'off' }, hideFrom: { tooltip: false, viz: false, legend: false },
  scaleDistribution: { type: 'linear' }, axisSoftMin: undefined, axisSoftMax: undefined, barWidthFactor: 0.6, axisColorMode: 'text',
};

export const CELLS = { cellOptions: { type: 'auto' }, width: undefined, align: 'auto', inspect: false };

export function custom(defaults: Record<string, any>) {
  return (builder: any) => {
    for (const [path, value] of Object.entries(defaults)) {
      builder.addCustomEditor({ ...option(path, anything, value) });
    }
  };
}

export function setUp() {
  data.standardFieldConfigEditorRegistry.setInit(fieldOptions);
  data.standardEditorsRegistry.setInit(() => EDITORS.map((id) => ({ id, name: id, editor: none }) as any));
  data.setTimeZoneResolver(() => 'utc');
  const all: any[] = Object.values((data as any).standardTransformers);
  const known = new Map(all.map((transformation) => [transformation.id, transformation]));
  data.standardTransformersRegistry.setInit(() =>
    [...known.values()].map((transformation) => ({ id: transformation.id, name: transformation.name, transformation, editor: none }) as any),
  );
}
