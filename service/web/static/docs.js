// Shows the contract with Swagger UI, which is served from here as well.
"use strict";

SwaggerUIBundle({
  url: document.getElementById("api").dataset.contract,
  dom_id: "#api",
  deepLinking: false, // its links would stand within buttons
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
