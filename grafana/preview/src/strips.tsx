// Stand-in for the state timeline: a strip a series, a colour a state.
import React from 'react';

import { FAINT, Times } from './axis';

const BOTTOM = 50;

export function Strips({ data, width, height, timeRange, fieldConfig }: any) {
  const [from, to] = [timeRange.from.valueOf(), timeRange.to.valueOf()];
  const rows = data.series.map((frame: any) => ({ times: frame.fields[0], values: frame.fields[1] }));
  const name = (row: any) => row.values.config.displayNameFromDS ?? row.values.name;
  const left = 16 + 7 * Math.max(...rows.map((row: any) => name(row).length));
  const wide = width - left - 8;
  const tall = (height - BOTTOM) / rows.length;
  const x = (at: number) => left + (Math.max(0, Math.min(at, to) - from) / (to - from)) * wide;
  const meanings: any[] = fieldConfig.defaults.mappings.flatMap((mapping: any) => (mapping.type === 'value' ? Object.values(mapping.options) : []));
  return (
    <svg width={width} height={height} fontSize={12}>
      {rows.map((row: any, place: number) => (
        <g key={place}>
          <text x={left - 8} y={place * tall + tall / 2 + 4} fill={FAINT} textAnchor="end">
            {name(row)}
          </text>
          {row.values.values.map((value: number, moment: number) => {
            if (value === null) {
              return null;
            }
            const at = row.times.values[moment];
            const until = at + row.times.config.interval;
            return (
              <rect
                key={moment}
                x={x(at)}
                width={Math.max(0, x(until) - x(at)) + 0.5}
                y={place * tall + tall * 0.1}
                height={tall * 0.8}
                fill={row.values.display(value).color}
                opacity={0.8}
              />
            );
          })}
        </g>
      ))}
      <Times from={from} to={to} left={left} width={wide} y={height - 30} />
      {meanings.map((meaning, place) => (
        <g key={meaning.text} transform={`translate(${left + place * 110}, ${height - 16})`}>
          <rect width={14} height={4} y={4} rx={2} fill={meaning.color} />
          <text x={20} y={11} fill={FAINT}>
            {meaning.text}
          </text>
        </g>
      ))}
    </svg>
  );
}
