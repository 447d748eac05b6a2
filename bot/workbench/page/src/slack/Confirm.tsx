// The question that an element may ask before it counts.
import { useEffect, useRef } from "react";
import { Text } from "./Mrkdwn";

export function Confirm({ of, done }: { of: any; done: (yes: boolean) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="dialog" aria-label={of.title?.text ?? "Confirm"} onCancel={(event) => (event.preventDefault(), done(false))}>
      <h2><Text of={of.title} /></h2>
      <p><Text of={of.text} /></p>
      <div className="row end">
        <button type="button" className="button" onClick={() => done(false)}><Text of={of.deny ?? { type: "plain_text", text: "Cancel" }} /></button>
        <button type="button" className={`button ${of.style === "danger" ? "danger" : "primary"}`} onClick={() => done(true)}><Text of={of.confirm ?? { type: "plain_text", text: "Yes" }} /></button>
      </div>
    </dialog>
  );
}
