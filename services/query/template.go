package query

import (
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/channel"
)

// onItsWay is a template between processes, and template what it was.
func onItsWay(t channel.Template) *workspacev1.MessageTemplate {
	said := &workspacev1.MessageTemplate{Name: t.Name, Language: t.Language, Category: t.Category}
	for _, c := range t.Components {
		component := &workspacev1.MessageTemplateComponent{
			Type: c.Type, Format: c.Format, Text: c.Text, Parameters: int32(c.Parameters), ParameterNames: c.Names,
		}
		for _, b := range c.Buttons {
			component.Buttons = append(component.Buttons, &workspacev1.MessageTemplateButton{
				Type: b.Type, Text: b.Text, Url: b.URL, Parameters: int32(b.Parameters),
			})
		}
		said.Components = append(said.Components, component)
	}
	return said
}

func template(t *workspacev1.MessageTemplate) channel.Template {
	heard := channel.Template{Name: t.GetName(), Language: t.GetLanguage(), Category: t.GetCategory()}
	for _, c := range t.GetComponents() {
		component := channel.TemplateComponent{
			Type: c.GetType(), Format: c.GetFormat(), Text: c.GetText(), Parameters: int(c.GetParameters()), Names: c.GetParameterNames(),
		}
		for _, b := range c.GetButtons() {
			component.Buttons = append(component.Buttons, channel.TemplateButton{
				Type: b.GetType(), Text: b.GetText(), URL: b.GetUrl(), Parameters: int(b.GetParameters()),
			})
		}
		heard.Components = append(heard.Components, component)
	}
	return heard
}
