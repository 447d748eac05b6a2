// Only the approver's card, large: how countersigning on the way to lunch feels.
import { useRef } from "react";
import { Activity } from "./teams/Activity";
import { useDesk } from "./desk";
import { Modal } from "./slack/Modal";
import { Message } from "./slack/Message";
import { approvalSpot, type Spot } from "./runs";

export function Phone() {
  const { state, me, show } = useDesk();
  const last = useRef<Spot | undefined>(undefined);
  const spot = approvalSpot(state) ?? last.current;
  last.current = spot;
  const message = spot?.on === "slack" ? state.slack?.messages.find((one) => one.channel === spot.channel && one.ts === spot.ts) : undefined;
  const activity = spot?.on === "teams" ? state.teams?.activities.find((one) => one.id === spot.id) : undefined;
  const whisper = message && state.slack?.messages.findLast((one) => one.channel === message.channel && one.ephemeral_to === me.slack && one.ts > message.ts);
  const modal = state.slack?.modals.findLast((one) => one.person === me.id);
  return (
    <main className="phone" id="panes" aria-label="Approval">
      <h2 className="hidden">Approval</h2>
      <div className="phone-frame">
        {message && <Message message={message} inThread />}
        {whisper && <Message message={whisper} inThread />}
        {activity && <Activity activity={activity} />}
        {!message && !activity && <p className="empty">Nothing waits for you, {me.name.split(" ")[0]}. This page shows the next approval as it comes.</p>}
        <button type="button" className="quiet all" onClick={() => show("slack")}>Show everything</button>
      </div>
      {modal && <Modal key={modal.view_id} modal={modal} />}
    </main>
  );
}
