export default async function show(place) {}
