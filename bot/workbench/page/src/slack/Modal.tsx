// A modal of the person acting, as a real dialog: focus stays inside and Esc closes it.
import { useEffect, useMemo, useRef, useState } from "react";
import { useDesk } from "../desk";
import type { SlackModal } from "../protocol";
import { Blocks } from "./Blocks";
import { SurfaceContext } from "./surface";
import { useSurfaceOf } from "./usePress";
import { withIds } from "./values";

export function Modal({ modal }: { modal: SlackModal }) {
  const { act, me } = useDesk();
  const { view, view_id } = modal;
  const dialog = useRef<HTMLDialogElement>(null);
  const blocks = useMemo(() => withIds(view.blocks), [view.blocks]);
  const [sending, setSending] = useState(false);
  const surface = useSurfaceOf(
    blocks,
    modal,
    (action, values) => ({ type: "slack.press", as: me.id, channel: "", ts: "", view_id, action, state: { values } }),
    modal.errors,
  );
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
  }, []);
  useEffect(() => setSending(false), [modal]);
  const close = () => void act({ type: "slack.close", as: me.id, view_id });
  const submit = () => {
    setSending(true);
    void act({ type: "slack.submit", as: me.id, view_id, values: surface.values }).then((done) => done || setSending(false));
  };
  const title = String(view.title?.text ?? "Form");
  return (
    <dialog ref={dialog} className="dialog modal" aria-label={title} onCancel={(event) => (event.preventDefault(), close())}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <header className="row">
          <h2>{title}</h2>
          <button type="button" className="quiet" aria-label="Close dialog" onClick={close}>×</button>
        </header>
        <SurfaceContext value={surface}>
          <Blocks blocks={blocks} />
        </SurfaceContext>
        <footer className="row end">
          <button type="button" className="button" onClick={close}>{view.close?.text ?? "Cancel"}</button>
          {view.submit && <button type="submit" className="button primary" aria-busy={sending}>{view.submit.text}{sending && <span className="working"> · working…</span>}</button>}
        </footer>
      </form>
    </dialog>
  );
}
