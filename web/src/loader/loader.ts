void import(new URL("widget.js", (document.currentScript as HTMLScriptElement).src).href);

export {};
