// Forms that lose nothing: `<form data-safe="client:…:body">`.
// What is typed is kept on the server every few seconds; a form that cannot be sent stays as it is, says so and
// tries again; a login that has ended is made up for in place.
"use strict";
