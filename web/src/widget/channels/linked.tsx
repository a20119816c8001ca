import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { clientToken } from "../../api/call.js";
import { channelSign, Sign } from "../../look/sign.js";
import { channelName } from "../../look/words.js";
import { useChat, useChatState } from "../chat.js";
import { accountOf } from "./brought.js";
import type { PageProps } from "./page.js";
import { type ChannelWords, words } from "./words.js";

/** The page of a channel that the conversation is linked to. */
export function LinkedPage({ channel, name, offered }: PageProps) {
	const { conversation, language, words: shell } = useChat();
	const repliesTo = useChatState((state) => state.repliesTo);
	const [asks, setAsks] = useState(false);
	const [step, setStep] = useState<"" | "under way" | "failed">("");
	const said = words[language];
	const app = channelName(channel.channel ?? "", "");
	const linked = offered && !!channel.linked;

	const disconnect = async () => {
		if (step === "under way") return;
		setStep("under way");
		try {
			await conversation.call("Disconnect", {
				integrationId: channel.integrationId,
				clientToken: clientToken(),
			});
		} catch {
			setStep("failed");
		}
	};
	useAnswer(!linked);
	const status = linked ? shell.menu.connected : said.disconnected(app);
	return (
		<>
			<h2 id="channel" tabIndex={-1}>
				<Sign name={channelSign(channel.channel ?? "")} />
				{name}
			</h2>
			<p class={`outcome is-${linked ? "connected" : "ended"}`} role="status">
				<Sign name={linked ? "check" : "unlink"} />
				<span>{status}</span>
			</p>
			{linked && channel.hint && <p class="soft">{accountOf(app, channel.hint, shell.menu)}</p>}
			{linked && (
				<p class="soft">
					{channel.unhealthy
						? said.disturbedLong(app)
						: repliesTo === channel.channel
							? said.repliesThere(app)
							: said.repliesHere(app)}
				</p>
			)}
			{linked ? (
				<>
					{channel.url && (
						<a class="button primary" href={channel.url} target="_blank" rel="noopener noreferrer">
							<Sign name="open" />
							{said.openChat}
						</a>
					)}
					{asks ? (
						<Question
							app={app}
							said={said}
							step={step}
							yes={() => void disconnect()}
							no={() => {
								setAsks(false);
								setStep("");
							}}
						/>
					) : (
						<button type="button" class="button" onClick={() => setAsks(true)}>
							<Sign name="unlink" />
							{said.disconnect}
						</button>
					)}
				</>
			) : (
				<button
					type="button"
					class="button primary"
					onClick={() => conversation.show({ name: "conversation" })}
				>
					{said.toChat}
				</button>
			)}
		</>
	);
}

/** Where replies appear in the chat again, the next one is what the page is left for. */
function useAnswer(here: boolean): void {
	const { conversation } = useChat();
	const last = useChatState((state) => state.lines.findLast((line) => line.author === "AUTHOR_AGENT")?.place);
	const before = useRef(last);
	useEffect(() => {
		if (here && last !== before.current) conversation.show({ name: "conversation" });
		before.current = last;
	}, [here, last]);
}

/** Asks once, and says what it does. */
function Question(props: { app: string; said: ChannelWords; step: string; yes(): void; no(): void }) {
	const { app, said, step, yes, no } = props;
	const keep = useRef<HTMLButtonElement>(null);
	useLayoutEffect(() => keep.current?.focus(), []);
	return (
		<fieldset class="question" aria-labelledby="question">
			<p id="question">
				<strong>{said.disconnectNow(app)}</strong> {said.disconnectEffect}
			</p>
			{step === "failed" && (
				<p class="bad" role="alert">
					{said.notDisconnected}
				</p>
			)}
			<div class="ways">
				<button type="button" class="button danger" aria-disabled={step === "under way"} onClick={yes}>
					{said.disconnect}
				</button>
				<button ref={keep} type="button" class="button" onClick={no}>
					{said.keep}
				</button>
			</div>
		</fieldset>
	);
}
