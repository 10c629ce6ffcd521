/** Lists that more than one view shows: what goes to the plant, to people and to the store. */

import type { StagingMove, StagingStatus } from "../api/types";
import { personName, when } from "../store";
import { Empty, Grid } from "../ui";

export function StagingList({ moves }: { moves: readonly (StagingMove | StagingStatus)[] }) {
  if (!moves.length) return <Empty>No material has to be moved differently.</Empty>;
  return (
    <Grid
      rows={moves}
      id={(move) => move.job_order + move.lot + move.material}
      columns={[
        ["By", (move) => when(move.needed_by), "when"],
        [
          "Material",
          (move) => (
            <>
              {move.quantity} {move.material} <span class="muted">{move.lot}</span>
            </>
          ),
        ],
        ["From", (move) => move.from_location],
        ["To", (move) => move.to_machine],
        ["For", (move) => move.job_order],
        [
          "status" in moves[0]! ? "State" : "Change",
          (move) => ("status" in move ? move.status : move.change),
          (move) => ("status" in move && move.status === "confirmed" ? "good" : "muted"),
        ],
      ]}
    />
  );
}

export function NoticeList({ notices }: { notices: readonly { operator: string; text: string; acknowledged?: boolean }[] }) {
  if (!notices.length) return <Empty>Nobody has to do anything differently.</Empty>;
  return (
    <ul class="plain lines">
      {notices.map((notice) => (
        <li key={notice.operator + notice.text}>
          <span class="row spread">
            <b>{personName(notice.operator)}</b>
            {notice.acknowledged !== undefined && (
              <span class={notice.acknowledged ? "good" : "muted"}>{notice.acknowledged ? "read" : "not read yet"}</span>
            )}
          </span>
          {notice.text}
        </li>
      ))}
    </ul>
  );
}
