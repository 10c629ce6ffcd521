/** Small parts every view uses. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { ApiError } from "./api/client";
import { dismiss, toasts } from "./store";

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

export function Failure({ error }: { error: Error }) {
  return (
    <div class="failure" role="alert">
      <b>{error.message}</b> {error instanceof ApiError && error.advice}
    </div>
  );
}

export interface Loaded<R> {
  readonly data: R | undefined;
  readonly error: Error | undefined;
}

/** Load when `deps` change; what was there stays while the next load runs. Late answers of old loads are dropped. */
export function useLoad<R>(load: () => Promise<R>, deps: readonly unknown[]): Loaded<R> {
  const [found, set] = useState<Loaded<R>>({ data: undefined, error: undefined });
  useEffect(() => {
    let current = true;
    load().then(
      (data) => current && set({ data, error: undefined }),
      (error: unknown) =>
        current &&
        set((before) => ({ data: before.data, error: error instanceof Error ? error : new Error(String(error)) })),
    );
    return () => {
      current = false;
    };
  }, deps);
  return found;
}

/** What a view shows until its data is here: nothing yet, or what went wrong. */
export function Pending({ loaded }: { loaded: Loaded<unknown> }) {
  return loaded.error ? <Failure error={loaded.error} /> : <Empty>Loading …</Empty>;
}

export function Bar({ fraction, label, failed = false }: { fraction: number; label: string; failed?: boolean }) {
  const percent = Math.round(Math.min(1, Math.max(0, fraction)) * 100);
  return (
    <div
      class={`progress ${failed ? "failed" : ""}`}
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <i style={{ width: `${percent}%` }} />
    </div>
  );
}

/** A column: its heading, what a row shows in it, and the class of its cells ("num" and "when" also style the heading). */
export type Column<R> = readonly [
  head: string,
  cell: (row: R) => ComponentChildren,
  tone?: string | ((row: R) => string),
];

/** A plain table. */
export function Grid<R>(props: {
  columns: readonly (Column<R> | false)[];
  rows: readonly R[];
  id: (row: R) => string;
  chosen?: string;
  tone?: (row: R) => string;
}) {
  const columns = props.columns.filter((column) => column !== false);
  return (
    <table>
      <thead>
        <tr>
          {columns.map(([head, , tone]) => (
            <th key={head} scope="col" class={typeof tone === "string" ? tone : ""}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <tr key={props.id(row)} class={props.tone?.(row)} aria-selected={props.id(row) === props.chosen}>
            {columns.map(([head, cell, tone]) => (
              <td key={head} class={typeof tone === "function" ? tone(row) : tone}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Link({ text, go, here = false }: { text: string; go: () => void; here?: boolean }) {
  return (
    <button type="button" class="link" aria-current={here} onClick={go}>
      {text}
    </button>
  );
}

/** A number being typed: only the typist changes what the field shows, only numbers in range are taken. */
export function NumberInput(props: {
  value: number;
  min: number;
  max: number;
  step: number;
  name?: string; // for those who cannot see where it stands
  set: (value: number) => void;
}) {
  return (
    <input
      type="number"
      required
      min={props.min}
      max={props.max}
      step={props.step}
      defaultValue={props.value}
      aria-label={props.name}
      onInput={({ currentTarget: field }) => {
        if (field.validity.valid) props.set(field.valueAsNumber);
      }}
    />
  );
}

export interface TabItem {
  readonly id: string;
  readonly label: string;
  readonly count?: number;
}

/** A tab list with the arrow keys of the pattern; the panel follows it in the page. */
export function Tabs(props: {
  label: string;
  tabs: readonly TabItem[];
  chosen: string;
  choose: (id: string) => void;
  children: ComponentChildren;
}) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    const place = props.tabs.findIndex((tab) => tab.id === props.chosen);
    const next = (place + step + props.tabs.length) % props.tabs.length;
    props.choose(props.tabs[next]!.id);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
    event.preventDefault();
  };
  return (
    <div class="tabs">
      <div ref={list} role="tablist" aria-label={props.label} onKeyDown={move}>
        {props.tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`tab-${tab.id}`}
            aria-selected={tab.id === props.chosen}
            aria-controls="tab-panel"
            tabIndex={tab.id === props.chosen ? 0 : -1}
            onClick={() => props.choose(tab.id)}
          >
            {tab.label}
            {tab.count !== undefined && <span class="count">{tab.count}</span>}
          </button>
        ))}
      </div>
      <div id="tab-panel" class="scroll" role="tabpanel" aria-labelledby={`tab-${props.chosen}`} tabIndex={0}>
        {props.children}
      </div>
    </div>
  );
}

export function Toasts() {
  return (
    <div class="toasts">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={`toast ${toast.good ? "good" : "bad"}`} role={toast.good ? "status" : "alert"}>
          <div>
            <b>{toast.message}</b>
            {toast.advice && <p>{toast.advice}</p>}
          </div>
          <button type="button" class="quiet" aria-label="Dismiss" onClick={() => dismiss(toast.id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}

/** Open dialogs: what lies behind one is inert, so messages are shown inside it. */
export const dialogs = signal(0);

/** A modal dialog of the platform: focus is kept inside, Escape closes it. */
export function Dialog(props: { title: string; close: () => void; wide?: boolean; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    dialogs.value++;
    return () => void dialogs.value--;
  }, []);
  return (
    <dialog
      ref={dialog}
      class={props.wide ? "wide" : ""}
      aria-labelledby="dialog-title"
      onClose={props.close}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="dialog">
        <header class="row spread">
          <h2 id="dialog-title">{props.title}</h2>
          <button type="button" class="quiet" aria-label="Close" onClick={() => dialog.current?.close()}>
            ✕
          </button>
        </header>
        {props.children}
      </div>
      <Toasts />
    </dialog>
  );
}
