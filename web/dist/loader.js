"use strict";(()=>{import(new URL("widget.js",document.currentScript.src).href);})();
