/** What is said of connected channels. */

export const en = {
	lead: "Connect the places where your customers write. What is connected here can be offered in a widget.",
	none: "Not configured",
	ready: "Ready",
	error: (code: string) => (code && code !== "0" ? `Error ${code}` : "Error"),
	since: (when: string) => `since ${when}`,
	webhook: (when: string) => `Last webhook ${when}`,
	noWebhook: "No webhook yet since the server started",
	connect: (what: string) => `Connect ${what}`,
	things: {
		whatsapp: "a WhatsApp number",
		messenger: "a Messenger page",
		instagram: "an Instagram account",
	} as Record<string, string>,
	about: {
		whatsapp: "Customers write to your business number.",
		messenger: "Customers write to your Facebook page.",
		instagram: "Customers write direct messages to your account.",
	} as Record<string, string>,
	bySetup: "This channel is connected by a program of your own or a set-up file.",
	steps: "Steps",
	step: (n: number, of: number) => `Step ${n} of ${of}`,
	stepApp: "Your app at Meta",
	stepAccount: {
		whatsapp: "Your number",
		messenger: "Your page",
		instagram: "Your account",
	} as Record<string, string>,
	stepWebhook: "Webhook",
	appIntro: {
		whatsapp:
			"Open developers.facebook.com, My Apps, and choose your app, or create one of the type Business and add the product WhatsApp. You find both values under App settings, Basic.",
		messenger:
			"Open developers.facebook.com, My Apps, and choose your app, or create one of the type Business and add the product Messenger. You find both values under App settings, Basic.",
		instagram:
			"Open developers.facebook.com, My Apps, and choose your app, or create one of the type Business and add the product Instagram. You find both values under App settings, Basic.",
	} as Record<string, string>,
	accountIntro: {
		whatsapp:
			"In your app at Meta: WhatsApp, API Setup. Make the token for a system user in Business settings, with the permissions whatsapp_business_messaging and whatsapp_business_management, so that it does not expire.",
		messenger:
			"In your app at Meta: Messenger, Messenger API Settings. Add your page there and generate its token, with the permissions pages_messaging and pages_manage_metadata.",
		instagram:
			"In your app at Meta: Instagram, API setup. Generate the token for your account, with the permission to manage messages. In the Instagram app, allow access to messages.",
	} as Record<string, string>,
	sameApp: (name: string) => `Use the app that is connected already (${name})`,
	otherApp: "Use another app",
	whichApp: "Which app?",
	providerAppId: "App ID",
	providerAppIdHint: "Digits only, such as 1234567890123456.",
	appSecret: "App secret",
	appSecretHint: "With it, Weiche checks that webhooks come from Meta. It is stored encrypted.",
	next: "Continue",
	previous: "Back",
	name: "Name",
	nameHint: "What your team and, in the menu, your customers read.",
	providerAccountId: {
		whatsapp: "Phone number ID",
		messenger: "Page ID",
		instagram: "Instagram account ID",
	} as Record<string, string>,
	providerAccountIdHint: {
		whatsapp: "The ID of the number at Meta, not the number itself.",
		messenger: "Digits only. On Facebook: About, Page transparency.",
		instagram: "Digits only. Meta shows it beside the account's name in API setup.",
	} as Record<string, string>,
	address: {
		whatsapp: "Phone number",
		messenger: "Page name in m.me links",
		instagram: "User name",
	} as Record<string, string>,
	addressHint: {
		whatsapp: "With country code, such as +49 30 1234567. Customers' links lead here.",
		messenger: "What stands behind facebook.com/ or m.me/. Customers' links lead here.",
		instagram: "Without @. Customers' links lead here.",
	} as Record<string, string>,
	ownerOf: { whatsapp: "WhatsApp Business account ID", instagram: "Facebook page ID" },
	businessAccountId: "WhatsApp Business account ID (optional)",
	businessAccountIdHint: "Needed to send templates, and to subscribe to webhooks by itself.",
	pageId: "Facebook page ID (optional)",
	pageIdHint: "Only if the account is managed through a Facebook page. Empty: Instagram's own login.",
	accessToken: "Access token",
	accessTokenHint: "It is checked with Meta before anything is connected, and stored encrypted.",
	humanAgentName: "Human Agent",
	humanAgent: "Meta allows our app the feature Human Agent",
	humanAgentHint: "People may then answer for 7 days instead of 24 hours.",
	check: "Check with Meta",
	checking: "Asking Meta…",
	accepted: "Meta accepts these credentials. Nothing is connected yet.",
	connectNow: (what: string) => `Connect ${what}`,
	connecting: "Connecting…",
	connected: (name: string) => `${name} is connected.`,
	webhookIntro: {
		whatsapp:
			"Enter both values in your app at Meta: WhatsApp, Configuration, Webhook, Edit. Then subscribe to the field messages.",
		messenger:
			"Enter both values in your app at Meta: Messenger, Messenger API Settings, Webhooks. Then subscribe to the fields below; Weiche subscribes your page by itself.",
		instagram:
			"Enter both values in your app at Meta: Instagram, API setup, Webhooks. Then subscribe to the fields below; Weiche subscribes your account by itself.",
	} as Record<string, string>,
	webhookUrl: "Callback URL",
	verifyToken: "Verify token",
	verifyKept: "The one that you gave before. To see one again, enter the app secret anew below.",
	fields: "Webhook fields",
	waiting: "Waiting for the first webhook. Write a message to this account to try it.",
	arrived: (when: string) => `Meta has called: last webhook ${when}.`,
	guessedUrl:
		"Taken from the address of this page. Meta has to reach it over https; if your server has another public address, start it with --public-url.",
	done: "Done",
	toWidgets: "Offer it in a widget",
	details: "Details",
	appId: "App at Meta, as Weiche calls it",
	id: "ID",
	healthTitle: "Status",
	checkNow: "Check now",
	checkedOk: "Meta serves this account.",
	newToken: "New access token",
	newTokenHint: "Leave empty to keep the present one. A new one is checked with Meta first.",
	changed: "Checked with Meta and saved.",
	appTitle: "App at Meta",
	appLead: "Enter both to change the app secret, or to see the verify token again.",
	saveApp: "Save app",
	appSaved: "The app is saved.",
	removeTitle: (name: string) => `Remove ${name}?`,
	removeText:
		"Customers can no longer write here: open codes stop working, and linked conversations go on in the web chat. Conversations and messages stay. This cannot be undone, but the account can be connected again.",
	removed: (name: string) => `${name} is removed.`,
	wrong: {
		digits: "Digits only, please.",
		phone: "A phone number with country code, such as +49 30 1234567.",
		address: "Only the name itself: letters, digits, dots, underscores and hyphens.",
	},
};

export const de: typeof en = {
	lead: "Verbinden Sie die Orte, an denen Ihre Kunden schreiben. Was hier verbunden ist, kann ein Widget anbieten.",
	none: "Nicht eingerichtet",
	ready: "Bereit",
	error: (code: string) => (code && code !== "0" ? `Fehler ${code}` : "Fehler"),
	since: (when: string) => `seit ${when}`,
	webhook: (when: string) => `Letzter Webhook ${when}`,
	noWebhook: "Noch kein Webhook seit dem Start des Servers",
	connect: (what: string) => `${what.charAt(0).toUpperCase()}${what.slice(1)} verbinden`,
	things: {
		whatsapp: "WhatsApp-Nummer",
		messenger: "Messenger-Seite",
		instagram: "Instagram-Konto",
	},
	about: {
		whatsapp: "Kunden schreiben an Ihre Geschäftsnummer.",
		messenger: "Kunden schreiben an Ihre Facebook-Seite.",
		instagram: "Kunden schreiben Direktnachrichten an Ihr Konto.",
	},
	bySetup: "Dieser Kanal wird von einem eigenen Programm oder einer Einrichtungsdatei verbunden.",
	steps: "Schritte",
	step: (n: number, of: number) => `Schritt ${n} von ${of}`,
	stepApp: "Ihre App bei Meta",
	stepAccount: {
		whatsapp: "Ihre Nummer",
		messenger: "Ihre Seite",
		instagram: "Ihr Konto",
	},
	stepWebhook: "Webhook",
	appIntro: {
		whatsapp:
			"Öffnen Sie developers.facebook.com, Meine Apps, und wählen Sie Ihre App, oder erstellen Sie eine vom Typ Business und fügen Sie das Produkt WhatsApp hinzu. Beide Werte finden Sie unter App-Einstellungen, Allgemeines.",
		messenger:
			"Öffnen Sie developers.facebook.com, Meine Apps, und wählen Sie Ihre App, oder erstellen Sie eine vom Typ Business und fügen Sie das Produkt Messenger hinzu. Beide Werte finden Sie unter App-Einstellungen, Allgemeines.",
		instagram:
			"Öffnen Sie developers.facebook.com, Meine Apps, und wählen Sie Ihre App, oder erstellen Sie eine vom Typ Business und fügen Sie das Produkt Instagram hinzu. Beide Werte finden Sie unter App-Einstellungen, Allgemeines.",
	},
	accountIntro: {
		whatsapp:
			"In Ihrer App bei Meta: WhatsApp, API-Einrichtung. Erstellen Sie das Token für einen Systemnutzer in den Unternehmenseinstellungen, mit den Berechtigungen whatsapp_business_messaging und whatsapp_business_management, damit es nicht abläuft.",
		messenger:
			"In Ihrer App bei Meta: Messenger, Messenger-API-Einstellungen. Fügen Sie dort Ihre Seite hinzu und erzeugen Sie ihr Token, mit den Berechtigungen pages_messaging und pages_manage_metadata.",
		instagram:
			"In Ihrer App bei Meta: Instagram, API-Einrichtung. Erzeugen Sie das Token für Ihr Konto, mit der Berechtigung, Nachrichten zu verwalten. Erlauben Sie in der Instagram-App den Zugriff auf Nachrichten.",
	},
	sameApp: (name: string) => `Die bereits verbundene App verwenden (${name})`,
	otherApp: "Eine andere App verwenden",
	whichApp: "Welche App?",
	providerAppId: "App-ID",
	providerAppIdHint: "Nur Ziffern, etwa 1234567890123456.",
	appSecret: "App-Geheimcode",
	appSecretHint: "Damit prüft Weiche, dass Webhooks von Meta kommen. Er wird verschlüsselt gespeichert.",
	next: "Weiter",
	previous: "Zurück",
	name: "Name",
	nameHint: "Das lesen Ihr Team und, im Menü, Ihre Kunden.",
	providerAccountId: {
		whatsapp: "ID der Telefonnummer",
		messenger: "Seiten-ID",
		instagram: "ID des Instagram-Kontos",
	},
	providerAccountIdHint: {
		whatsapp: "Die ID der Nummer bei Meta, nicht die Nummer selbst.",
		messenger: "Nur Ziffern. Auf Facebook: Info, Seitentransparenz.",
		instagram: "Nur Ziffern. Meta zeigt sie neben dem Kontonamen in der API-Einrichtung.",
	},
	address: {
		whatsapp: "Telefonnummer",
		messenger: "Seitenname in m.me-Links",
		instagram: "Benutzername",
	},
	addressHint: {
		whatsapp: "Mit Landesvorwahl, etwa +49 30 1234567. Hierhin führen die Links der Kunden.",
		messenger: "Was hinter facebook.com/ oder m.me/ steht. Hierhin führen die Links der Kunden.",
		instagram: "Ohne @. Hierhin führen die Links der Kunden.",
	},
	ownerOf: { whatsapp: "ID des WhatsApp-Business-Kontos", instagram: "ID der Facebook-Seite" },
	businessAccountId: "ID des WhatsApp-Business-Kontos (optional)",
	businessAccountIdHint: "Nötig, um Vorlagen zu senden und um Webhooks von selbst zu abonnieren.",
	pageId: "ID der Facebook-Seite (optional)",
	pageIdHint:
		"Nur wenn das Konto über eine Facebook-Seite verwaltet wird. Leer: Instagrams eigene Anmeldung.",
	accessToken: "Zugriffstoken",
	accessTokenHint: "Es wird bei Meta geprüft, bevor etwas verbunden wird, und verschlüsselt gespeichert.",
	humanAgentName: "Human Agent",
	humanAgent: "Meta erlaubt unserer App die Funktion Human Agent",
	humanAgentHint: "Menschen dürfen dann 7 Tage statt 24 Stunden lang antworten.",
	check: "Bei Meta prüfen",
	checking: "Meta wird gefragt …",
	accepted: "Meta nimmt diese Zugangsdaten an. Noch ist nichts verbunden.",
	connectNow: (what: string) => `${what} verbinden`,
	connecting: "Wird verbunden …",
	connected: (name: string) => `${name} ist verbunden.`,
	webhookIntro: {
		whatsapp:
			"Tragen Sie beide Werte in Ihrer App bei Meta ein: WhatsApp, Konfiguration, Webhook, Bearbeiten. Abonnieren Sie dann das Feld messages.",
		messenger:
			"Tragen Sie beide Werte in Ihrer App bei Meta ein: Messenger, Messenger-API-Einstellungen, Webhooks. Abonnieren Sie dann die Felder unten; Ihre Seite abonniert Weiche von selbst.",
		instagram:
			"Tragen Sie beide Werte in Ihrer App bei Meta ein: Instagram, API-Einrichtung, Webhooks. Abonnieren Sie dann die Felder unten; Ihr Konto abonniert Weiche von selbst.",
	},
	webhookUrl: "Callback-URL",
	verifyToken: "Verifizierungstoken",
	verifyKept:
		"Das, das Sie früher angegeben haben. Um eines wieder zu sehen, geben Sie unten den App-Geheimcode neu ein.",
	fields: "Webhook-Felder",
	waiting:
		"Es wird auf den ersten Webhook gewartet. Schreiben Sie zum Ausprobieren eine Nachricht an dieses Konto.",
	arrived: (when: string) => `Meta hat sich gemeldet: letzter Webhook ${when}.`,
	guessedUrl:
		"Nach der Adresse dieser Seite. Meta muss sie über https erreichen; hat Ihr Server eine andere öffentliche Adresse, starten Sie ihn mit --public-url.",
	done: "Fertig",
	toWidgets: "In einem Widget anbieten",
	details: "Angaben",
	appId: "App bei Meta, wie Weiche sie nennt",
	id: "ID",
	healthTitle: "Zustand",
	checkNow: "Jetzt prüfen",
	checkedOk: "Meta bedient dieses Konto.",
	newToken: "Neues Zugriffstoken",
	newTokenHint: "Leer lassen, um das jetzige zu behalten. Ein neues wird zuerst bei Meta geprüft.",
	changed: "Bei Meta geprüft und gespeichert.",
	appTitle: "App bei Meta",
	appLead:
		"Geben Sie beides ein, um den App-Geheimcode zu ändern oder das Verifizierungstoken wieder zu sehen.",
	saveApp: "App speichern",
	appSaved: "Die App ist gespeichert.",
	removeTitle: (name: string) => `${name} entfernen?`,
	removeText:
		"Kunden können hier nicht mehr schreiben: Offene Codes verlieren ihre Gültigkeit, und verbundene Unterhaltungen gehen im Web-Chat weiter. Unterhaltungen und Nachrichten bleiben. Das lässt sich nicht rückgängig machen, aber das Konto kann erneut verbunden werden.",
	removed: (name: string) => `${name} ist entfernt.`,
	wrong: {
		digits: "Bitte nur Ziffern.",
		phone: "Eine Telefonnummer mit Landesvorwahl, etwa +49 30 1234567.",
		address: "Nur der Name selbst: Buchstaben, Ziffern, Punkte, Unterstriche und Bindestriche.",
	},
};
