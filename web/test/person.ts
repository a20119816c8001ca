/** Customers as a test has them: one who writes in a widget, with a phone for the rest. */

import { expect } from "vitest";
import type { WidgetSetupJson } from "../src/gen/weiche/ingress/v1/command_pb.js";
import type {
	GetLinkResponseJson,
	OpenSessionResponseJson,
	RequestLinkResponseJson,
	SendMessageResponseJson,
} from "../src/gen/weiche/widget/v1/widget_pb.js";
import { call, fresh, makePerson, makeWidget, provider } from "./api.js";

/** What a phone shows of one thread. */
interface Thread {
	channel: string;
	messages: { id: string; from: string; text: string; buttons?: { title: string }[] }[];
}

/** Person is a customer. */
export class Person {
	/** The conversation, once they have written. */
	conversationId = "";

	private constructor(
		readonly widget: string,
		private readonly token: string,
		/** The name on the phone. */
		readonly name: string,
	) {}

	/** Somebody new, in a widget of their own where a code alone connects a channel. */
	static async come(setup: Partial<WidgetSetupJson> = {}): Promise<Person> {
		const widget = await makeWidget({ confirmation: "CONFIRMATION_IMMEDIATE", ...setup });
		const session = await call<object, OpenSessionResponseJson>(
			"weiche.widget.v1.WidgetService/OpenSession",
			{
				widgetId: widget,
			},
		);
		return new Person(widget, session.sessionToken ?? "", await makePerson());
	}

	/** Calls the widget's service as this visitor. */
	widgetCall<Response>(method: string, request: object): Promise<Response> {
		return call<object, Response>(`weiche.widget.v1.WidgetService/${method}`, request, this.token);
	}

	/** Writes in the widget. */
	async write(text: string): Promise<void> {
		const said = await this.widgetCall<SendMessageResponseJson>("SendMessage", {
			text,
			clientToken: fresh("m"),
			language: "en",
		});
		this.conversationId = said.conversationId ?? "";
	}

	/**
	 * Connects WhatsApp by sending its code there; so many hours ago, by the clock of the
	 * phone: that is how a messaging window comes to its end in a test.
	 */
	async connect(hoursAgo = 0): Promise<void> {
		const { link } = await this.widgetCall<RequestLinkResponseJson>("RequestLink", {
			integrationId: "whatsapp",
			clientToken: fresh("l"),
			language: "en",
		});
		const code = new URL(link?.url ?? "").searchParams.get("text") ?? "";
		await this.say("whatsapp", code, hoursAgo);
		await expect
			.poll(
				async () =>
					(await this.widgetCall<GetLinkResponseJson>("GetLink", { linkId: link?.linkId })).link?.state,
				{ interval: 300, timeout: 10_000 },
			)
			.toBe("LINK_STATE_CONNECTED");
	}

	/** Writes on the phone. */
	async say(channel: string, text: string, hoursAgo = 0): Promise<void> {
		const timestamp = String(Math.floor(Date.now() / 1000 - hoursAgo * 3600));
		await provider("POST", `/sim/people/${this.name}/send`, {
			integration: channel,
			text,
			...(hoursAgo ? { raw: { type: "text", text: { body: text }, timestamp } } : {}),
		});
	}

	/** What the business has said on the phone, once it has said so much. */
	async got(channel: string, least = 1): Promise<Thread["messages"]> {
		const { threads } = await provider<{ threads: Thread[] }>(
			"GET",
			`/sim/people/${this.name}/threads?from=business&min=${least}&timeout=10s`,
		);
		return threads.find((thread) => thread.channel === channel)?.messages ?? [];
	}
}
