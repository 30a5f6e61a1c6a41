import { useEffect, useState } from 'react';

/** The last value that stayed unchanged for `quietMs`. Values are compared by content, so a new equal object is no change. */
export function useDebounced<Value>(value: Value, quietMs: number): Value {
  const text = JSON.stringify(value);
  const [settled, setSettled] = useState({ text, value });
  useEffect(() => {
    const timer = setTimeout(() => setSettled({ text, value: JSON.parse(text) as Value }), quietMs);
    return () => clearTimeout(timer);
  }, [text, quietMs]);
  return settled.value;
}
