// Stand-in for the map: outlines from Natural Earth, a spot a country.
import { geoCentroid, geoNaturalEarth1, geoPath } from 'd3-geo';
import { alpha2ToNumeric } from 'i18n-iso-countries';
import React from 'react';
import { feature } from 'topojson-client';
import atlas from 'world-atlas/countries-110m.json';

const ANTARCTICA = '010';
const ALL: any = feature(atlas as any, (atlas as any).objects.countries);
const LAND: any = { ...ALL, features: ALL.features.filter((one: any) => one.id !== ANTARCTICA) };

function place(country: string) {
  const number = alpha2ToNumeric(country);
  const land = number && LAND.features.find((one: any) => one.id === number);
  return land && geoCentroid(land);
}

export function World({ data, width, height, options }: any) {
  const { size, color } = options.layers[0].config.style;
  const fields = data.series[0].fields;
  const column = (name: string) => fields.find((field: any) => (field.state?.displayName ?? field.config.displayName ?? field.name) === name);
  const [countries, sizes, colours] = [column('Country'), column(size.field), column(color.field)];
  const largest = Math.max(...sizes.values);
  const projection = geoNaturalEarth1().fitSize([width, height], LAND);
  const outline = geoPath(projection);
  return (
    <svg width={width} height={height}>
      <path d={outline(LAND) ?? ''} fill="#2a2e36" stroke="#454a54" strokeWidth={0.5} />
      {countries.values.map((country: string, row: number) => {
        const spot = place(country);
        const [x, y] = (spot && projection(spot as any)) ?? [];
        const radius = size.min + (size.max - size.min) * Math.sqrt(sizes.values[row] / largest);
        return spot ? <circle key={country} cx={x} cy={y} r={radius / 2} fill={colours.display(colours.values[row]).color} opacity={0.7} /> : null;
      })}
    </svg>
  );
}
