// The list of keys.
import { useEffect, useRef } from "react";
import { KEYS } from "./keys";

export function Help({ done }: { done: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="dialog" aria-label="Keys" onClose={done}>
      <h2>Keys</h2>
      <dl className="facts">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt><kbd>{keys}</kbd></dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <div className="row end"><button type="button" className="button primary" onClick={() => dialog.current?.close()}>Close</button></div>
    </dialog>
  );
}
