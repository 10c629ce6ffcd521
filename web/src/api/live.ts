/** The stream of live events. It reconnects for ever, waiting a little longer after each failure. */

import type { LiveEvents } from "./types";

const NAMES: (keyof LiveEvents)[] = [
  "clock",
  "machine",
  "operation",
  "plan",
  "disruption",
  "proposal",
  "dispatch",
  "notice",
  "staging",
  "outcome",
  "anomaly",
  "connection",
  "reload",
];

export interface Listener {
  event<K extends keyof LiveEvents>(name: K, data: LiveEvents[K]): void;
  opened(): void;
  lost(): void;
}

export const waitBefore = (attempt: number): number => Math.min(15_000, 500 * 2 ** attempt);

export function listen(listener: Listener): void {
  let attempt = 0;
  const connect = (): void => {
    const source = new EventSource("api/live");
    source.onopen = () => {
      attempt = 0;
      listener.opened();
    };
    source.onerror = () => {
      source.close();
      listener.lost();
      setTimeout(connect, waitBefore(attempt++));
    };
    for (const name of NAMES) {
      source.addEventListener(name, (message) => {
        listener.event(name, JSON.parse((message as MessageEvent<string>).data) as never);
      });
    }
  };
  connect();
}
