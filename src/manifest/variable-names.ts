/** The environment variable that holds a key of the configuration, such as `TENON_CONFIG_MAX_AGE` for `max-age`. */
export function configVariable(key: string): string {
  return `TENON_CONFIG_${variablePart(key)}`;
}

/** The environment variable that holds a secret, such as `TENON_SECRET_WEATHER_KEY` for `WEATHER_KEY`. */
export function secretVariable(name: string): string {
  return `TENON_SECRET_${variablePart(name)}`;
}

function variablePart(name: string): string {
  return name.toUpperCase().replace(/[-.]/g, "_");
}
