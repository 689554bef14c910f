// Lets the reader choose picture files for the image members of a request. The text field shows a
// short mark such as "@cat.jpg", and the bytes take its place when the request is sent: megabytes
// of base64 in a text field would freeze the page.

const IMAGE_MEMBERS = ["Image", "SourceImage", "TargetImage"];
const files = new Map();

export function fillPictures(body) {
  if (!body) return body;
  const request = parse(body);
  if (request === null) return body;
  for (const member of IMAGE_MEMBERS) {
    const bytes = request[member]?.Bytes;
    if (files.has(bytes)) request[member].Bytes = files.get(bytes);
  }
  return JSON.stringify(request);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Sent as typed: the server answers with what is wrong.
  }
}

async function base64(file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(",") + 1);
}

export const pictures = ({ React }) => {
  const element = React.createElement;

  function Picker({ member, onPicked }) {
    const [preview, setPreview] = React.useState(null);
    const pick = async (event) => {
      const file = event.target.files[0];
      if (!file) return;
      const mark = `@${file.name}`;
      files.set(mark, await base64(file));
      setPreview(URL.createObjectURL(file));
      onPicked(mark);
    };
    return element(
      "label",
      { className: "picture" },
      element("span", null, `${member}: choose a picture`),
      element("input", { type: "file", accept: "image/*", onChange: pick, "data-member": member }),
      preview && element("img", { src: preview, alt: "the chosen picture" }),
    );
  }

  const withPictures = (Editor) => (props) => {
    const text = props.value || props.defaultValue || "";
    const request = parse(text) ?? {};
    const members = IMAGE_MEMBERS.filter((member) => member in request);
    const put = (member) => (mark) => {
      const changed = { ...request, [member]: { Bytes: mark } };
      props.onChange(JSON.stringify(changed, null, 2));
    };
    const pickers = members.map((member) =>
      element(Picker, { key: member, member, onPicked: put(member) }),
    );
    return element("div", null, ...pickers, element(Editor, props));
  };

  return { wrapComponents: { RequestBodyEditor: withPictures } };
};
