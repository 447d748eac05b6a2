// Blocks that only show something, drawn by slack-blocks-to-jsx. Loaded when the first one appears: it is large.
import { Component, type ReactNode } from "react";
import { Message } from "slack-blocks-to-jsx";
import "slack-blocks-to-jsx/dist/style.css";
import { useDesk } from "../desk";
import { Unknown } from "./RichText";
import type { Block } from "./values";

export default function Passive({ block }: { block: Block }) {
  const { state, theme } = useDesk();
  return (
    <Fence what={block.type}>
      <div className="passive">
        <Message
          blocks={[block as never]}
          time={new Date(0)}
          logo=""
          name=""
          theme={theme}
          withoutWrapper
          data={{ users: state.persons.map((one) => ({ id: one.slack, name: one.name })), channels: (state.slack?.channels ?? []).map((one) => ({ id: one.id, name: one.name })) } as never}
        />
      </div>
    </Fence>
  );
}

/** A block that the library cannot bear must not take the page with it. */
class Fence extends Component<{ what: string; children: ReactNode }, { broken: boolean }> {
  state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  render() {
    return this.state.broken ? <Unknown what={this.props.what} /> : this.props.children;
  }
}
