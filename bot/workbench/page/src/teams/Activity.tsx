// One Teams activity: a chat bubble, or a post with its replies nested under it.
import { Avatar } from "../Avatar";
import { clock } from "../clock";
import { useDesk } from "../desk";
import { Files } from "../Files";
import type { TeamsActivity } from "../protocol";
import { Card } from "./Card";
import { chatHtml } from "./markdown";

export function Activity({ activity }: { activity: TeamsActivity }) {
  const { state, me, act } = useDesk();
  const person = state.persons.find((one) => one.aad === activity.from || one.teams === activity.from);
  const name = activity.bot ? state.teams!.bot.name : (person?.name ?? activity.from);
  const card = activity.cards_for?.[me.id] ?? activity.card;
  const target = { as: me.id, conversation: activity.conversation, id: activity.id };
  return (
    <article className={`activity ${person?.id === me.id ? "mine" : ""}`} data-id={activity.id} aria-label={`${name}: ${(activity.text || "card").slice(0, 80)}`}>
      <Avatar name={name} bot={activity.bot} />
      <div className="activity-body">
        <header>
          <strong>{name}</strong>
          <time>{clock(activity.at)}</time>
          {activity.edited && <small className="soft">edited</small>}
        </header>
        {activity.targeted_to && <p className="only-you">Only visible to you</p>}
        {activity.text && (activity.textFormat === "plain" ? <div className="text pre">{withMentions(activity.text)}</div> : <div className="text" dangerouslySetInnerHTML={{ __html: chatHtml(activity.text) }} />)}
        <Files files={activity.files} />
        {card && <Card json={card} press={(press) => act({ type: "teams.press", ...target, ...press })} />}
      </div>
    </article>
  );
}

/** Plain text: only <at>…</at> stands for something. */
function withMentions(text: string) {
  return text.split(/<at[^>]*>(.*?)<\/at>/i).map((part, at) => (at % 2 ? <span key={at} className="mention">{part}</span> : part));
}
