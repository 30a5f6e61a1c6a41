/** Time from one reading of the fleet to the next, milliseconds; the default, which the settings show. */
export const fleetIntervalMsDefault = 1_000;
