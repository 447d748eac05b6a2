// App Home of the person acting.
import { useEffect, useMemo } from "react";
import { useDesk } from "../desk";
import { Blocks } from "./Blocks";
import { SurfaceContext } from "./surface";
import { useSurfaceOf } from "./usePress";
import { withIds } from "./values";

export function Home() {
  const { state, me, act } = useDesk();
  const view = state.slack!.homes[me.id];
  const blocks = useMemo(() => withIds(view), [view]);
  const surface = useSurfaceOf(blocks, view, (action, values) => ({ type: "slack.press", as: me.id, channel: "home", ts: "", action, state: { values } }));
  useEffect(() => void act({ type: "slack.home", as: me.id }), [me.id]);
  return (
    <div className="home" role="region" aria-label="App Home" tabIndex={0}>
      <SurfaceContext value={surface}>
        {blocks.length ? <Blocks blocks={blocks} /> : <p className="soft">Countersign has not drawn a home for {me.name} yet.</p>}
      </SurfaceContext>
    </div>
  );
}
