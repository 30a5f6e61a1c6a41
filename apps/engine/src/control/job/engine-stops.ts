/** The abort reason when the engine stops. The jobs stay `running` in the records and are requeued later. */
export const engineStops = new Error('The engine is stopping.');
